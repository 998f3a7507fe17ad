"""New rows and documents, labelled by models that were fitted before."""
