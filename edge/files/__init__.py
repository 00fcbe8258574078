"""Files that this program writes, so that none of the user's is ever lost."""
