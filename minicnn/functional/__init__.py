"""The operations, by family. Each is one class with forward and backward, and its public function."""
