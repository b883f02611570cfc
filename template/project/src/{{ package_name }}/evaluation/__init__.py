"""Numbers, pictures and pages.

- `evaluate`: measure a model, against a naive baseline and across folds
- `metrics`: what is measured
- `floor`: the least that is asked
- `threshold`: from which probability on something is predicted
- `figures`: what is drawn of its predictions
- `diagnostics`: what is drawn of the fit itself
- `explore`: what is drawn of the data
- `plots`: how every figure looks
- `report`: pages that open anywhere
"""
