"""Any OpenCLIP model: its name, its weights, its towers, and how they run here."""
