"""What users hand in, read and checked by one rule everywhere: arrays and settings."""
