"""What was measured, as pages, tables and verdicts, and two results compared."""

__all__ = [
    "compare_results",
    "demo_page",
    "demo_story",
    "html_report",
    "result_file",
    "speed_charts",
    "terminal",
    "text_tables",
]
