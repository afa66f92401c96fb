"""When labelling may stop, and how accurate the classifier is."""
