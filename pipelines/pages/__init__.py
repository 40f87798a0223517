"""What the report is made of: rows as examples, the search index, the histogram, the style and the script."""
