"""What is neither a layer nor an operation: `utils.data` brings samples together into batches."""
