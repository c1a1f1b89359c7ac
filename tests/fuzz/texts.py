"""What an error's text owes its reader: which argument or operand is meant, its value, what was expected."""

from __future__ import annotations

import re

# Operands by the words that PyTorch's texts have for them, beside the names of arguments.
OPERANDS = (
    r"`[^`]+`|'\w+'|dimensions?|dim|axis|indices|index|mat\d|tensors?|operands?|shapes?|sizes?|elements|channels?"
    r"|kernel|probability|learning rate|momentum|weight_decay|rho|alpha|beta|betas|epsilon|step|parameters?|optimizer"
    r"|module|layer|keywords?|arguments?|dataset|samples?|targets?|inputs?|gradient|grad|output|std|mean|labels?"
    r"|threshold mode|state|entry|mode|padding|values?|numbers?|key|class|images?|transforms?|lengths?|fan|dtypes?"
    r"|variance|iterable|not implemented for|total_steps|factor|limits|range"
)
EXPECTATION = (
    r"expect|should|must|has to|have to|needs?|only|did you mean|takes?|at least|at most|between|out of range|cannot"
    r"|can't|can not|not implemented for .*(convert|give)|supports?|requires?|required|divisible|match|fewer|larger"
    r"|smaller|greater|less|too (small|large|many|few)|missing|valid|not supported|no such|does not|do not|don't"
    r"|doesn't|unknown|out of bounds|invalid|incompatible|empty|negative|is not an?|has no|different|same|ambiguous"
    r"|exceeds|inconsistent|misses|is padded with|not allow|pads the last|leaves nothing|mixed dtype|by zero"
    r"|cuts more off"
)
VALUE = (
    r"\d|'[^']*'|\"[^\"]*\"|\b(None|True|False|Boolean)\b|\[\]|\(\)|\{\}|<.*>|[Gg]ot [\w.]+|empty|type \w+"
    r"|is \w+$|\w+ is not an?|assign an? \w+|no arguments|`[^`]+`.*`[^`]+`|has no attribute `|NoneType|total_steps"
)
# Python's and NumPy's own texts, which know nothing of the caller's arguments.
RAW = (
    r"^'[\w.]+' object |^'\S+' not supported between|^object of type|has no len\(\)$|^(float|int)\(\) argument"
    r"|^must be |^only \S+ arrays? can|^The truth value|^setting an array element|^could not convert"
    r"|^operands could not be|^(\w+ object|tuple|list) index out of range|^unsupported operand|^bad operand"
    r"|values to unpack|^shape mismatch: objects|^invalid literal|^argument must|^an integer is required"
    r"|^isinstance\(\)|^cannot unpack|^Cannot interpret|^(\w+ )?indices must be"
)


# Data sets, samplers and functions of the user's: what they say of what they got is theirs.
OF_THE_USER = r"^y = (D\.|V\.Compose)"


def lacks(text: str, source: str, argument: str) -> str | None:
    """What the text of a refused call leaves out, or None; `argument` of it was made wrong."""
    last = source.splitlines()[-1]
    names = {*re.findall(r"\b(\w+)=(?!=)", last), argument} - {""}
    if re.search(OF_THE_USER, last) and re.search(RAW, text):
        return None
    named = "|".join(map(re.escape, names)) or "$^"
    if re.search(RAW, text):
        return "it is Python's own"
    if not re.search(rf"\b({named})\b", text) and not re.search(rf"(?i)(?<!\w)({OPERANDS})(?!\w)", text):
        return "it names no argument"
    if not re.search(VALUE, text):
        return "it has no value"
    if not re.search(rf"(?i){EXPECTATION}", text):
        return "it says not what was expected"
    return None
