"""GitHub's own workflow parser and expression evaluator, run by Node as a child process."""
