"""Labelled images: datasets and folders, how they are split, and which photos a net has seen."""
