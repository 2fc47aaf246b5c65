"""Fine-tuning: recipes, backends and the run report."""
