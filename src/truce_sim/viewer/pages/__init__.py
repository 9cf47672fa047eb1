"""The pages in the browser and their components."""
