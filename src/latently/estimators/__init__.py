"""What users import: scikit-learn's conventions over the models, each in a module of its own."""
