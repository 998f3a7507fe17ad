"""What users import: scikit-learn's conventions over the models, each in a module of its own."""

HOMES = {  # of the estimators: the module of each
    "CategoricalHMM": "categorical_hmm",
    "GaussianHMM": "gaussian_hmm",
    "GaussianImputer": "gaussian_imputer",
    "GaussianMixture": "gaussian_mixture",
    "HiddenMarkovModel": "hidden_markov_model",
    "LatentClassAnalysis": "latent_class_analysis",
    "LatentDirichletAllocation": "latent_dirichlet_allocation",
    "MixedImputer": "mixed_imputer",
    "MixtureModel": "mixture_model",
    "PoissonHMM": "poisson_hmm",
}
