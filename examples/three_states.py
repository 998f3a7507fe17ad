"""The classic demonstration of Baum and Welch: three hidden states, four symbols, a thousand steps."""

import numpy as np

from latently import CategoricalHMM
from latently.metrics import match_labels, matched_accuracy

startprob = np.array([0.6, 0.3, 0.1])
transmat = np.array([[0.90, 0.07, 0.03], [0.05, 0.90, 0.05], [0.04, 0.08, 0.88]])
emissionprob = np.array([[0.70, 0.20, 0.05, 0.05], [0.05, 0.10, 0.70, 0.15], [0.10, 0.05, 0.10, 0.75]])

# Draw the states one after the other, and a symbol from each.
rng = np.random.default_rng(0)
states = np.empty(1000, dtype=int)
for t in range(1000):
    states[t] = rng.choice(3, p=transmat[states[t - 1]] if t else startprob)
symbols = np.array([rng.choice(list("ABCD"), p=emissionprob[state]) for state in states])

# The first model has to find everything from the symbols; the second is told the truth and learns nothing.
fitted = CategoricalHMM(3, random_state=0).fit(symbols)
true = CategoricalHMM(
    3,
    startprob_init=startprob,
    transmat_init=transmat,
    emissionprob_init=emissionprob,
    fixed=("startprob", "transmat", "emissionprob"),
).fit(symbols)

print(f"EM {fitted.stop_reason_}")
print("                   log-likelihood   accuracy of the states, after matching labels")
for name, model in [("fitted parameters", fitted), ("true parameters", true)]:
    accuracy = matched_accuracy(states, model.predict(symbols))
    print(f"{name:17}  {model.log_likelihood_:14.3f}   {accuracy:.3f}")

# States are numbered arbitrarily, so the first 100 steps are shown under the names of the true ones.
matched = match_labels(states, fitted.predict(symbols))
for name, path in [("true", states), ("decoded", matched)]:
    print(f"{name:8}", "".join(map(str, path[:100])))
