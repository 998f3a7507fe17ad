"""Compiled loops of topic models: documents as concatenated word ids and counts, tables word-major."""
