"""Tables from files: read as they stand, looked over, and written again with what was found."""
