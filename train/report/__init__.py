"""What is written and drawn when training ends.

Its pictures are PNGs by matplotlib, since Markdown shows pictures only from files. The pages of `export` and
`benchmark`, one file each and made where matplotlib may be missing, have SVG charts (`edge/report`).
"""

__all__ = ["plot_style", "plots", "write_report"]
