"""What is written and drawn when training ends.

Pictures of `report.md` are PNGs by matplotlib, since Markdown shows pictures only from files. `report.html` is one file
with SVG charts, as are the pages of `export` and `benchmark`, made where matplotlib may be missing (`edge/report`).
"""

__all__ = ["label_doubts", "plot_style", "plots", "write_report"]
