"""Extraction: documents are read in processes of their own, each within a time and a memory."""
