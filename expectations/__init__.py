"""What a good article looks like: one list of rules, read by the stream's gate and by the batch audit."""
