"""The command line: parse, call one function, print. The only room that knows typer."""

__all__ = ["exit_status", "main", "options", "output", "progress_line"]
