"""Charts as SVG, each a function of plain numbers."""
