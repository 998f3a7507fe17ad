"""What topic models take and give: corpora, read in whichever form they come."""
