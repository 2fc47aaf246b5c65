"""The model catalog and its resolver; downloaded models lie beside it, ignored by git."""
