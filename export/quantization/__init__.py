"""From float to int8: ranges, rounding, repairs, and the search within an accuracy budget."""
