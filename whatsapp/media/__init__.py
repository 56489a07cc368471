"""Files of people's messages: fetched from the provider, judged by their content, kept per business."""
