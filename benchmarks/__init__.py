"""Speed and memory of whole studies, side by side with what people would otherwise run."""
