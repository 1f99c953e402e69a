"""What the pipeline tells of itself while it works."""
