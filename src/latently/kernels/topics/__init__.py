"""Compiled loops of topic models: documents as word ids and counts on end, tables word-major."""
