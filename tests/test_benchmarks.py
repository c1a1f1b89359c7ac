"""The benchmarks run, write what they promise and say what is wrong; no test asserts a time."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from simulated_gpu import shim

BENCHMARKS = Path(__file__).resolve().parent.parent / "benchmarks"
COMMON = {"benchmark", "device", "smoke", "date", "machine", "protocol", "sgemm_gflops"}
NO_TORCH = """
import sys

class NoTorch:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "torch":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, NoTorch())
"""
README = "# Title\n\n<!-- benchmark: {} -->\nold\n<!-- /benchmark -->\n\nthe rest\n"


def has_torch() -> bool:
    return importlib.util.find_spec("torch") is not None


def run(script: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(BENCHMARKS / script), *arguments],
        env=os.environ | environment, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip


def results_of(folder: Path, benchmark: str, device: str = "cpu") -> dict[str, Any]:
    (file,) = folder.glob(f"{benchmark}-{device}-*.json")
    assert file.with_suffix(".png").read_bytes().startswith(b"\x89PNG")
    results: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    assert results.keys() >= COMMON
    assert results["smoke"] is True
    assert results["machine"].keys() >= {
        "cpu",
        "cores",
        "threads",
        "python",
        "minicnn",
        "numpy",
        "numba",
        "torch",
    }
    assert results["sgemm_gflops"] > 0
    return results


@pytest.fixture
def without_torch(tmp_path: Path) -> dict[str, str]:
    """An environment whose interpreters cannot find torch."""
    folder = tmp_path / "no_torch"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(NO_TORCH, encoding="utf-8")
    return {"PYTHONPATH": os.pathsep.join(filter(None, (str(folder), os.environ.get("PYTHONPATH"))))}


@pytest.mark.slow
@pytest.mark.skipif(not has_torch(), reason="compares with torch")
def test_conv_speed_compares_with_torch(tmp_path: Path) -> None:
    done = run("conv_speed.py", "--smoke", "--output", str(tmp_path))
    assert done.returncode == 0, done.stderr
    results = results_of(tmp_path, "conv")
    assert {row["direction"] for row in results["rows"]} == {"forward", "input", "weight"}
    assert {row["batch"] for row in results["rows"]} == {1, 16}
    assert any(row["transposed"] for row in results["rows"])
    for row in results["rows"]:
        assert row["error"] < 1e-3, row["shape"]
        assert row["ratio"] == pytest.approx(row["minicnn_gflops"] / row["torch_gflops"])
        assert row["seconds"]["minicnn"].keys() == {"median", "low", "high", "repetitions", "warm_up"}
    assert results["idle_cpu_share"].keys() >= {"minicnn", "torch 1t"}
    assert results["summary"]["all"]["rows"] == len(results["rows"])
    assert results["summary"]["all"]["worst"]["ratio"] == min(row["ratio"] for row in results["rows"])
    assert "geometric mean" in done.stdout


def test_conv_speed_runs_without_torch(tmp_path: Path, without_torch: dict[str, str]) -> None:
    arguments = ("--smoke", "--batch", "2", "--only", "1>6", "--backend", "numpy", "--output", str(tmp_path))
    done = run("conv_speed.py", *arguments, **without_torch)
    assert done.returncode == 0, done.stderr
    assert "torch is not installed" in done.stdout
    results = results_of(tmp_path, "conv")
    assert [row["ratio"] for row in results["rows"]] == [None] * 3
    assert results["summary"] == {}
    assert results["machine"]["torch"] is None


def test_conv_speed_replays_graphs_on_a_simulated_gpu(tmp_path: Path, without_torch: dict[str, str]) -> None:
    if (reason := shim.why_not()) is not None:
        pytest.skip(reason)
    tests = Path(__file__).parent
    path = os.pathsep.join([without_torch["PYTHONPATH"], str(tests), str(tests / "simulated_gpu")])
    options = ("--smoke", "--rounds", "1", "--batch", "1", "--only", "1>6", "--tf32", "--output", str(tmp_path))
    done = run("conv_speed.py", "--device", "cuda", *options, PYTHONPATH=path)
    assert done.returncode == 0, done.stderr
    results = results_of(tmp_path, "conv", "cuda")
    assert results["machine"]["gpu"]
    assert results["protocol"]["tf32"]
    assert results["timed"].startswith("CUDA graphs of 10 runs")
    assert [row["direction"] for row in results["rows"]] == ["forward", "input", "weight"]
    for row in results["rows"]:
        assert row["seconds"].keys() == {"minicnn", "minicnn eager"}


@pytest.mark.slow
@pytest.mark.skipif(not has_torch(), reason="compares with torch")
def test_train_speed_compares_with_torch(tmp_path: Path) -> None:
    arguments = ("--smoke", "--models", "lenet5", "--accuracy", "--output", str(tmp_path))
    done = run("train_speed.py", *arguments)
    assert done.returncode == 0, done.stderr
    assert "from torch 1t's" in done.stdout
    results = results_of(tmp_path, "train")
    assert results["losses"][0]["difference"] < 1e-3
    assert results["losses"][0]["last"] < results["losses"][0]["first"]
    assert results["idle_cpu_share"].keys() >= {"minicnn", "torch 1t"}
    (row,) = results["steps"]
    assert (row["model"], row["batch"]) == ("lenet5", 8)
    assert row["ratio"] == pytest.approx(row["torch_seconds"] / row["seconds"])
    assert row["gflops"] * row["seconds"] == pytest.approx(8 * 2.264e-3, rel=1e-3)  # counted by hand
    assert [epoch["samples"] for epoch in results["epochs"]] == [32, 100]
    assert results["start"]["minicnn"].keys() == {"cold", "warm", "memory", "cold_memory", "gpu_memory"}
    assert results["imports"].keys() == {"numpy", "minicnn", "torch"}
    assert {"minicnn", "torch"} <= results["accuracy"][0].keys()


@pytest.mark.slow
def test_train_speed_trains_a_network_with_dropout(tmp_path: Path) -> None:
    arguments = ("--smoke", "--models", "cnn-mnist", "--batch", "2", "--skip", "epoch", "start", "import")
    done = run("train_speed.py", *arguments, "--eager", "--compare", "jax", "dezero", "--output", str(tmp_path))
    assert done.returncode == 0, done.stderr
    results = results_of(tmp_path, "train")
    (row,) = results["steps"]
    assert (row["model"], row["batch"], row["others"]) == ("cnn-mnist", 2, {})  # the others have LeNet-5 alone
    assert results["protocol"]["eager"] is True
    for name in ("jax", "dezero"):
        missing = f"{name} is not installed and not compared (pip install {name})"
        assert (missing in done.stdout) == (importlib.util.find_spec(name) is None)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["jax", "tinygrad", "dezero"])
def test_other_engines_train_lenet5_to_the_same_losses(tmp_path: Path, name: str) -> None:
    if importlib.util.find_spec(name) is None:
        pytest.skip(f"{name} is not installed")
    arguments = ("--smoke", "--models", "lenet5", "--skip", "epoch", "start", "import", "--compare", name)
    done = run("train_speed.py", *arguments, "--output", str(tmp_path))
    assert done.returncode == 0, done.stderr
    if f"{name}: " in done.stderr:
        pytest.skip(done.stderr)  # installed, and it cannot run here
    results = results_of(tmp_path, "train")
    assert results["losses"][0]["differences"][name] < 1e-3
    assert results["steps"][0]["others"].keys() == {name}


@pytest.mark.parametrize(
    "name", ["lenet5", "lenet5-relu", "cnn-mnist", "cnn-cifar10", "cnn-two-layer", "cnn-dropout2d", "cnn-three-conv"]
)
def test_networks_are_those_of_the_package(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """The same parameters from the same seed, and the same scores."""
    import minicnn
    from minicnn.models import NETWORKS

    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import networks

    ours = networks.build(name, minicnn).eval()
    minicnn.manual_seed(42)
    theirs = NETWORKS[name].build().eval()
    for one, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert one.equal(other)
    images = minicnn.from_numpy(networks.random_batch(name, 2)[0])
    with minicnn.no_grad(), minicnn.kernels.use("numpy"):
        assert ours(images).equal(theirs(images))
    assert networks.NETWORKS[name].batch == NETWORKS[name].course.batch_size


def test_floating_point_operations_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import networks

    assert networks.flop("lenet5") == 2 * (416_520 * 2 + 298_920)  # counted by hand
    first, second, third, fourth = 784 * 32 * 9, 784 * 64 * 32 * 9, 12544 * 128, 128 * 10
    assert networks.flop("cnn-mnist") == 2 * (2 * first + 3 * (second + third + fourth))


@pytest.mark.slow
@pytest.mark.parametrize("way", ["recorded", "eager"])
def test_profile_step_names_every_kernel(tmp_path: Path, way: str) -> None:
    done = run("profile_step.py", "--smoke", *["--eager"] * (way == "eager"), "--output", str(tmp_path))
    assert done.returncode == 0, done.stderr
    results = results_of(tmp_path, "profile")
    (step,) = results["steps"]
    assert (step["model"], step["batch"], step["recorded"]) == ("lenet5", 8, way == "recorded")
    kernels = [row["kernel"] for row in step["rows"]]
    assert kernels.count("conv2d") == 8  # three forward, three weight and two input gradients
    assert kernels.count("gemm") >= 4
    assert "optimizer_step" in kernels
    assert ("activation" in kernels) == (way == "eager")  # recorded, it is done on the way
    products = sum(row["gflops"] * row["seconds"] for row in step["rows"] if row["gflops"])
    assert products == pytest.approx(8 * 2.264e-3, rel=1e-3)  # nothing is missing, and nothing counted twice
    total = sum(row["seconds"] for row in step["rows"]) + step["elsewhere"]
    assert total == pytest.approx(step["seconds"])
    assert "elsewhere" in done.stdout


def test_train_speed_runs_without_torch(tmp_path: Path, without_torch: dict[str, str]) -> None:
    arguments = (
        "--smoke",
        "--models",
        "lenet5",
        "--backend",
        "numpy",
        "--skip",
        "epoch",
        "start",
        "--output",
        str(tmp_path),
    )
    done = run("train_speed.py", *arguments, **without_torch)
    assert done.returncode == 0, done.stderr
    assert "torch is not installed" in done.stdout
    results = results_of(tmp_path, "train")
    assert results["steps"][0]["ratio"] is None
    assert results["imports"].keys() == {"numpy", "minicnn"}
    assert results["epochs"] == []


@pytest.mark.parametrize(
    ("script", "arguments", "text"),
    [
        ("conv_speed.py", ["--batch", "0"], "'0' is not a whole number of at least 1"),
        ("conv_speed.py", ["--device", "tpu"], "invalid choice: 'tpu'"),
        ("conv_speed.py", ["--only", "nothing"], "fits no shape"),
        ("conv_speed.py", ["--backend", "cupy"], "--backend cupy needs --device cuda"),
        ("profile_step.py", ["--models", "resnet"], "invalid choice: 'resnet'"),
        ("train_speed.py", ["--compare", "caffe"], "invalid choice: 'caffe'"),
        ("train_speed.py", ["--models", "resnet"], "invalid choice: 'resnet'"),
        ("train_speed.py", ["--skip", "everything"], "invalid choice: 'everything'"),
        ("report.py", ["--update", "no-such-file.md"], "no-such-file.md is not a file"),
        ("report.py", ["--update", "a", "--check", "b"], "not allowed with"),
    ],
)
def test_wrong_flags_exit_with_2(script: str, arguments: list[str], text: str) -> None:
    done = run(script, *arguments)
    assert done.returncode == 2
    assert text in done.stderr


@pytest.mark.parametrize("script", ["conv_speed.py", "train_speed.py"])
def test_cuda_without_a_gpu_is_one_line(script: str) -> None:
    from minicnn import backend

    if backend.has_gpu():
        pytest.skip("this machine has a GPU")
    done = run(script, "--smoke", "--device", "cuda")
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"{script}: --device cuda: ")


@pytest.mark.parametrize("script", ["conv_speed.py", "train_speed.py", "profile_step.py", "report.py", "on_gpu.py"])
def test_help_tells_what_is_measured(script: str) -> None:
    done = run(script, "--help")
    assert done.returncode == 0
    assert "python benchmarks/" in done.stdout


@pytest.mark.slow
def test_accuracy_goes_on_from_earlier_results(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    done = run("accuracy.py", "--smoke", "--engines", "minicnn", "--output", str(first))
    assert done.returncode == 0, done.stderr
    (kept,) = first.glob("*.json")
    (row,) = json.loads(kept.read_text(encoding="utf-8"))["rows"]
    assert row.keys() == {"model", "dataset", "seed", "minicnn"}
    assert 0 < row["minicnn"][0]["accuracy"] < 1
    done = run("accuracy.py", "--smoke", "--keep", str(kept), "--output", str(second))
    assert done.returncode == 0, done.stderr
    assert "minicnn, epoch" not in done.stdout
    (file,) = second.glob("*.json")
    (both,) = json.loads(file.read_text(encoding="utf-8"))["rows"]
    assert both["minicnn"] == row["minicnn"]
    if has_torch():  # the same weights, batches and masks
        assert both["torch"][0]["loss"] == pytest.approx(both["minicnn"][0]["loss"], rel=1e-3)
        assert abs(both["torch"][0]["accuracy"] - both["minicnn"][0]["accuracy"]) < 0.003


def test_accuracy_names_what_is_wrong() -> None:
    done = run("accuracy.py", "--cases", "lenet6:mnist")
    assert done.returncode == 2
    assert "--cases lenet6:mnist: expected NETWORK:DATASET" in done.stderr


# --- on_gpu.py ----------------------------------------------------------------------------------------


def test_on_gpu_says_when_there_is_none(tmp_path: Path) -> None:
    from minicnn import backend

    if backend.has_gpu():
        pytest.skip("this machine has a GPU")
    for arguments, status in ((("--smoke",), 0), ((), 1)):
        done = run("on_gpu.py", *arguments, "--output", str(tmp_path))
        assert done.returncode == status
        assert done.stdout.startswith("on_gpu.py: nothing was run: ")
        assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_on_gpu_counts_what_ran_and_names_what_did_not(tmp_path: Path) -> None:
    """On a simulated GPU, and with the sanitizer nowhere to be found."""
    tests = BENCHMARKS.parent / "tests"
    paths = os.pathsep.join([str(tests / "simulated_gpu"), str(BENCHMARKS.parent)])
    simulated = {"MINICNN_TEST_GPU": "simulated", "NUMBA_ENABLE_CUDASIM": "1", "PYTHONPATH": paths}
    simulated["PATH"] = str(tmp_path / "bin")
    (tmp_path / "bin").mkdir()
    for tool in ("c++", "as", "ld"):  # what the shim needs
        if (found := shutil.which(tool)) is not None:
            (tmp_path / "bin" / tool).symlink_to(found)
    arguments = ("--stages", "contracts", "memcheck", "--output", str(tmp_path / "results"))
    refused = run("on_gpu.py", *arguments, **simulated)
    assert refused.returncode == 2
    assert "a simulated GPU has no speed and no sanitizer" in refused.stderr
    done = run("on_gpu.py", "--smoke", *arguments, **simulated)
    assert done.returncode == 1, done.stderr  # not everything ran
    (file,) = (tmp_path / "results").glob("gpu-cuda-*-smoke.json")
    results = json.loads(file.read_text(encoding="utf-8"))
    contracts, memcheck = results["stages"]
    assert results["machine"]["gpu"] == "Simulated GPU"
    assert (contracts["ran"], contracts["status"], contracts["failed"]) == (True, 0, 0), done.stdout
    assert contracts["passed"] > 4
    assert memcheck == {
        "stage": "memcheck", "ran": False,
        "reason": "compute-sanitizer is not installed (it comes with the CUDA toolkit)",
    }  # fmt: skip
    assert "NOT RUN: compute-sanitizer is not installed" in done.stdout


def test_on_gpu_fails_where_a_stage_fails(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import on_gpu

    counts = tmp_path / "counts.xml"
    counts.write_text(
        '<testsuites><testsuite errors="1" failures="2" skipped="3" tests="10"/></testsuites>', encoding="utf-8"
    )
    assert on_gpu.tested(counts) == {"passed": 4, "failed": 3, "skipped": 3}
    assert on_gpu.tested(tmp_path / "none.xml") == {}
    assert on_gpu.outcome({"ran": True, "status": 0}) == "passed"
    assert on_gpu.outcome({"ran": True, "status": 99}) == "FAILED (exit status 99)"
    for stage in on_gpu.STAGES:
        words = on_gpu.command(stage, False, tmp_path, counts, processes=8)
        assert ("-n" in words) == (stage in ("contracts", "tests"))
        assert ("--device" in words) == (stage in ("tests", "conv", "train"))
        assert (words[0] == "compute-sanitizer") == stage.endswith("check")


# --- report.py ----------------------------------------------------------------------------------------


def conv_results(date: str = "2026-01-01T00:00:00+00:00", **changes: Any) -> dict[str, Any]:
    rows = [
        {"shape": "a 1x1", "batch": batch, "direction": way, "ratio": ratio, "minicnn_gflops": 100 * ratio,
         "torch_gflops": 100.0}
        for batch in (1, 32) for way, ratio in (("forward", 2.0), ("input", 4.0), ("weight", 8.0))
    ]  # fmt: skip
    worst = {"ratio": 2.0, "shape": "a 1x1", "direction": "forward", "batch": 1}
    return {
        "benchmark": "conv", "device": "cpu", "smoke": False, "date": date, "sgemm_gflops": 190.0,
        "machine": {"cpu": "A CPU", "cores": 2, "threads": 2, "python": "3.11", "minicnn": "0.1",
                    "torch": "2.13"},
        "rows": rows,
        "summary": {"all": {"geometric_mean": 4.0, "rows": 6, "worst": worst}},
        **changes,
    }  # fmt: skip


def save(folder: Path, name: str, results: dict[str, Any]) -> None:
    (folder / name).write_text(json.dumps(results), encoding="utf-8")


def test_report_replaces_the_marked_section_and_nothing_else(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(README.format("conv"), encoding="utf-8")
    save(tmp_path, "conv-cpu-1.json", conv_results())
    results = ("--results", str(tmp_path))
    assert run("report.py", "--check", str(readme), *results).returncode == 1
    assert "old" in readme.read_text(encoding="utf-8")
    assert run("report.py", "--update", str(readme), *results).returncode == 0
    text = readme.read_text(encoding="utf-8")
    assert text.startswith("# Title\n\n<!-- benchmark: conv -->\n\n![")
    assert "](benchmarks/results/conv-cpu-1.png)\n\n| layer | batch 1 | batch 32 |" in text
    assert text.endswith("<!-- /benchmark -->\n\nthe rest\n")
    assert "| a 1x1 | 4.00\N{MULTIPLICATION SIGN} | 4.00\N{MULTIPLICATION SIGN} | 400 | 100 |" in text
    assert "A CPU, 2 threads on 2 cores; minicnn 0.1, torch 2.13, Python 3.11; 2026-01-01" in text
    assert run("report.py", "--check", str(readme), *results).returncode == 0


def test_report_has_a_table_of_other_engines(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(README.format("train"), encoding="utf-8")
    step = {
        "model": "lenet5", "batch": 32, "seconds": 0.002, "samples_per_second": 16_000.0, "peak_share": 0.25,
        "torch_seconds": 0.008, "torch_samples_per_second": 4_000.0, "compile_seconds": None, "ratio": 4.0,
        "others": {"jax": 0.016},
    }  # fmt: skip
    parts = {"epochs": [], "start": {}, "imports": {}, "accuracy": []}
    save(tmp_path, "train-cpu-1.json", conv_results(benchmark="train", steps=[step], **parts))
    assert run("report.py", "--update", str(readme), "--results", str(tmp_path)).returncode == 0
    text = readme.read_text(encoding="utf-8")
    assert "| lenet5 | 32 | 16,000 | 2.00 | 25% | 4,000 | 4.0\N{MULTIPLICATION SIGN} |" in text
    assert "| step of lenet5 (samples/s) | batch 32 |" in text
    assert "| JAX, jit | 16.00 ms (2,000) |" in text
    assert "DeZero" not in text


def test_report_takes_the_newest_complete_run(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(README.format("conv"), encoding="utf-8")
    save(tmp_path, "conv-cpu-3.json", conv_results("2026-01-01T00:00:00+00:00"))
    save(tmp_path, "conv-cpu-2.json", conv_results("2026-02-02T00:00:00+00:00"))
    save(tmp_path, "conv-cpu-9-smoke.json", conv_results("2026-03-03T00:00:00+00:00", smoke=True))
    assert run("report.py", "--update", str(readme), "--results", str(tmp_path)).returncode == 0
    assert "; 2026-02-02, " in readme.read_text(encoding="utf-8")


def test_report_says_that_there_are_no_results_and_refuses_unknown_marks(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(README.format("train"), encoding="utf-8")
    assert run("report.py", "--update", str(readme), "--results", str(tmp_path)).returncode == 0
    assert "*No results yet.*" in readme.read_text(encoding="utf-8")
    readme.write_text(README.format("speed"), encoding="utf-8")
    done = run("report.py", "--update", str(readme), "--results", str(tmp_path))
    assert done.returncode == 2
    assert "there is no benchmark 'speed'; expected one of train, conv, profile, accuracy" in done.stderr


class OnTheCpu:
    """torch.cuda's streams and graphs for a CPU: a graph does its step again on the tensors of its capture."""

    def __init__(self, torch: Any) -> None:
        self.torch, self.step, self.seen = torch, None, []
        fake = self
        idle = SimpleNamespace(wait_stream=lambda other: None)

        class Graph:
            def replay(self) -> None:
                fake.loss.copy_(fake.step(*fake.inputs).detach())

        class Capture:
            def __init__(self, graph: Graph) -> None:
                fake.seen.append("capture")

            def __enter__(self) -> None:
                pass

            def __exit__(self, *error: object) -> None:
                fake.step, fake.inputs, fake.loss = fake.made

        self.cuda = SimpleNamespace(
            Stream=lambda: idle,
            current_stream=lambda: idle,
            stream=lambda stream: nullcontext(),
            CUDAGraph=Graph,
            graph=Capture,
        )

    def __getattr__(self, name: str) -> Any:
        return getattr(self.torch, name)


@pytest.mark.skipif(not has_torch(), reason="it is a graph of torch's")
@pytest.mark.parametrize("rule", ["Adam", "SGD"])
def test_a_graph_of_torchs_trains_like_the_plain_step(monkeypatch: pytest.MonkeyPatch, rule: str) -> None:
    """The warm-up before a capture trains, too, and leaves no trace."""
    import torch

    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import cuda_steps

    options: dict[str, Any] = {"lr": 0.1} if rule == "Adam" else {"lr": 0.1, "momentum": 0.9}
    data = [(torch.randn(4, 3, generator=torch.Generator().manual_seed(i)), torch.zeros(4, 1)) for i in range(4)]

    def trained(graph: bool) -> list[float]:
        torch.manual_seed(1)
        network = torch.nn.Sequential(torch.nn.Linear(3, 1), torch.nn.BatchNorm1d(1))
        optimizer = getattr(torch.optim, rule)(network.parameters(), **options)
        fake = OnTheCpu(torch)

        def step(x: Any, y: Any) -> Any:
            optimizer.zero_grad()
            loss = ((network(x) - y - x[:, :1]) ** 2).mean()
            loss.backward()
            optimizer.step()
            fake.made = (step, (x, y), loss.detach())
            return fake.made[2]

        run = cuda_steps.graphed(fake, step, network, optimizer, data[0]) if graph else step
        assert fake.seen == ["capture"] * graph
        return [run(x, y).item() for x, y in data]

    assert trained(True) == pytest.approx(trained(False), rel=1e-6)
    assert cuda_steps.capturable(torch.optim.Adam) == {"capturable": True}
    assert cuda_steps.capturable(torch.optim.SGD) == {}


def test_an_epoch_is_of_whole_batches_in_its_order(monkeypatch: pytest.MonkeyPatch) -> None:
    import minicnn

    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import cuda_steps

    images, labels, seen = minicnn.arange(10) * 10, minicnn.arange(10), []
    step = cuda_steps.gathering(lambda x, y: seen.append((x.tolist(), y.tolist())), images, labels)
    order = minicnn.tensor([3, 1, 2, 9, 8, 7, 0, 4, 5, 6])
    waits: list[int] = []
    assert cuda_steps.epoch(step, order, 4, "cpu", lambda: waits.append(1)) > 0
    assert seen == [([30, 10, 20, 90], [3, 1, 2, 9]), ([80, 70, 0, 40], [8, 7, 0, 4])]
    assert len(waits) == 2


@pytest.mark.slow
def test_train_speed_runs_on_a_simulated_gpu(tmp_path: Path, without_torch: dict[str, str]) -> None:
    """Its own sides with and without graphs; torch's need a GPU."""
    stand_in = str(Path(__file__).parent / "simulated_gpu")
    path = os.pathsep.join((stand_in, without_torch["PYTHONPATH"]))
    arguments = ("--smoke", "--device", "cuda", "--models", "lenet5", "--skip", "steps", "epoch", "start", "import")
    done = run("train_speed.py", *arguments, "--output", str(tmp_path), PYTHONPATH=path)
    assert done.returncode == 0, done.stderr
    (file,) = tmp_path.glob("train-cuda-*.json")
    results = json.loads(file.read_text(encoding="utf-8"))
    assert results["losses"][0]["differences"] == {"minicnn eager": 0}, "the same bits with and without graphs"
    assert results["idle_cpu_share"].keys() == {"minicnn", "minicnn eager"}


def test_the_table_of_a_gpu_has_all_four_sides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import report

    step = {
        "model": "lenet5", "batch": 128, "seconds": 1e-4, "eager_seconds": 1e-3, "torch_seconds": 2e-3,
        "graphs_seconds": 4e-4,
    }  # fmt: skip
    epoch = {"model": "lenet5", "batch": 128, "samples": 60_000, "minicnn": 0.05, "torch": 1.0}
    headers, rows = report.with_graphs({
        "steps": [step, {**step, "eager_seconds": None, "graphs_seconds": None}],
        "epochs": [{**epoch, "minicnn eager": 0.5, "torch.cuda.graph": None}],
    })  # fmt: skip
    assert headers[1:5] == ["minicnn, graphs", "minicnn, eager", "torch, eager", "torch, graphs"]
    assert rows == [
        ["lenet5, batch 128, step", "0.100", "1.000", "2.000", "0.400", f"20.0{report.TIMES}", f"4.0{report.TIMES}"],
        ["lenet5, batch 128, epoch of 60,000", "50.000", "500.000", "1000.000", None, f"20.0{report.TIMES}", None],
    ]
