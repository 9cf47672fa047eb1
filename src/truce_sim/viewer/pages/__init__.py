"""The pages in the browser, and the components they are made of."""
