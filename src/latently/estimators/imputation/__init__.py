"""The parts of imputation: checks of columns, filling, parameter draws, files, and questions to ask of it."""
