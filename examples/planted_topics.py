"""The classic demonstration of topic models: three planted topics, found again in a hundred documents."""

import sys

import numpy as np

from latently import LatentDirichletAllocation, plots
from latently.metrics import held_out_perplexity, match_topics

# Each topic has five words of its own, and three that all of them share.
vocabulary = ["tree", "bird", "river", "leaf", "deer", "vote", "law", "party", "court", "tax"]
vocabulary += ["song", "drum", "stage", "choir", "piano", "day", "people", "new"]
planted = np.zeros((3, 18))
for topic in range(3):
    planted[topic, 5 * topic : 5 * topic + 5] = [0.25, 0.2, 0.15, 0.1, 0.1]
planted[:, 15:] = [0.1, 0.05, 0.05]

# A document draws its shares of the topics, and then 30 words. The model sees the words only.
rng = np.random.default_rng(0)
shares = rng.dirichlet([0.2, 0.2, 0.2], size=200)
counts = np.array([rng.multinomial(30, mixed) for mixed in shares @ planted])
X, new = counts[:100], counts[100:]

model = LatentDirichletAllocation(n_components=3, vocabulary=vocabulary, random_state=0).fit(X)
for topic, words in enumerate(model.top_words(5)):
    print(f"topic {topic}: {', '.join(words)}")

# Numbers of topics mean nothing, so each planted topic is paired with the one found that is nearest to it.
match = match_topics(planted, model.topic_word_)
error = np.abs(model.doc_topic_[:, match.partner] - shares[:100]).mean()
main = model.doc_topic_[:, match.partner].argmax(axis=1) == shares[:100].argmax(axis=1)
print("cosine of each planted topic with its partner", *(f"{cosine:.3f}" for cosine in match.similarity))
print(f"shares of the topics are off by {error:.3f}, and the largest is found in {main.mean():.0%}")

# Half the words of 100 new documents, predicted from the other half. In the long run the truth is best.
truth = held_out_perplexity(new, planted, doc_topic_prior=0.2).perplexity
guess = (X.sum(axis=0) + 1)[None] / (X.sum() + 18)
no_topics = held_out_perplexity(new, guess, doc_topic_prior=1.0).perplexity
print(f"perplexity {model.perplexity(new):.2f}")
print(f"  of the planted topics {truth:.2f}, without topics {no_topics:.2f}")

path = sys.argv[1] if len(sys.argv) > 1 else "planted_topics.png"
panels = plots.topics_panels(model, X, n=20)  # 20 documents by topics, topics by words
panels[0].figure.savefig(path, dpi=150)
print(f"pictures in {path}")
