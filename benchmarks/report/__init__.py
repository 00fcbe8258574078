"""What was measured, as pages, tables and verdicts, and two results compared."""
