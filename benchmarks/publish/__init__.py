"""What the documentation shows: its tables, its pictures, its notebooks' nets."""
