"""The data set: prompt–completion rows out of the corpus and reviewed scripts.

    guide dataset build                              # data/processed/{train,validation}.jsonl
    guide dataset build --train 844 --validation 94  # the original project's sizes

All rows of one work, and all works of one artist and title, stand on one side of the split.
"""
