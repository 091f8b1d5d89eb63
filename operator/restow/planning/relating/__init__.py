"""From rules between pods to relations of the packing problem.

One module per kind of rule; each knows nothing of the others. They speak of pods, since classes are
made afterwards: pods of one class have the same roles.
"""
