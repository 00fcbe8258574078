"""Pages that report on models: one HTML file that needs nothing else, its charts drawn as SVG."""
