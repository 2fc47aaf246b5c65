"""Recipes: what they hold, and how their faults are told."""

import pytest

from data.errors import RecipeError
from train.estimate import Sizes, count_tokens, estimate, smallest_change
from train.hardware import Hardware
from train.plan import make_plan
from train.recipe import LINEAR_LAYERS, as_toml, load_recipe, recipe_names

MISTRAL = {
    "num_hidden_layers": 32,
    "hidden_size": 4096,
    "intermediate_size": 14336,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "vocab_size": 32768,
}


def card(gigabytes: float) -> Hardware:
    size = int(gigabytes * 1e9)
    return Hardware(
        device="cuda", name="a card", memory=size, free=size, bf16=True, system="a system"
    )


@pytest.mark.parametrize("name", recipe_names())
def test_shipped_recipe_is_valid(name):
    assert load_recipe(name).layers == LINEAR_LAYERS


def test_mistral_recipe_trains_as_the_original_did():
    recipe = load_recipe("mistral-7b")
    assert (recipe.bits, recipe.rank, recipe.alpha, recipe.learning_rate) == (4, 16, 32, 2e-4)
    assert (recipe.batch_size, recipe.accumulation, recipe.epochs) == (2, 4, 3)


def test_all_faults_are_told_at_once_with_their_flags():
    with pytest.raises(RecipeError) as error:
        load_recipe("tiny", ["learning_rate=-1", "bits=8", "epoch=2"])
    sentence = str(error.value)
    assert "3 faults" in sentence
    assert "--set learning_rate=" in sentence
    assert "--set bits=" in sentence
    assert "did you mean 'epochs'?" in sentence


def test_unknown_recipe_names_the_nearest():
    with pytest.raises(RecipeError, match="did you mean 'small'"):
        load_recipe("smal")


def test_change_without_equals_sign_is_refused():
    with pytest.raises(RecipeError, match="--set epochs is not of the form key=value"):
        load_recipe("tiny", ["epochs"])


def test_a_single_text_stands_for_a_list_of_one():
    assert load_recipe("tiny", ["languages=fr"]).languages == ("fr",)


def test_texts_with_commas_stand_for_a_list():
    assert load_recipe("tiny", ["languages=fr,de"]).languages == ("fr", "de")


def test_contradiction_names_the_way_out():
    with pytest.raises(RecipeError, match="--set batching=padded"):
        load_recipe("small", ["method=dpo", "batching=packed"])


def test_written_recipe_reads_to_the_same(tmp_path):
    recipe = load_recipe("small", ["languages=en,it", "neftune=5"])
    (tmp_path / "r.toml").write_text(as_toml(recipe))
    assert load_recipe(str(tmp_path / "r.toml")) == recipe


@pytest.mark.parametrize("devices", [1, 2, 4, 8])
@pytest.mark.parametrize("batching", ["padded", "packed"])
def test_a_step_has_the_same_rows_on_any_number_of_devices(devices, batching):
    recipe = load_recipe("mistral-7b", [f"batching={batching}"])
    assert make_plan(recipe, 844, devices).rows_a_step == 8


def test_devices_that_do_not_divide_a_step_are_refused():
    with pytest.raises(RecipeError, match="--set accumulation="):
        make_plan(load_recipe("mistral-7b"), 844, 3)


def test_original_training_takes_the_original_steps():
    assert make_plan(load_recipe("mistral-7b"), 844, 1).steps == 318


def test_estimate_of_mistral_is_near_its_measured_peak():
    recipe = load_recipe("mistral-7b")
    plan = make_plan(recipe, 844, 1)
    tokens = count_tokens([512] * 844, plan, recipe.batching)
    sizes = Sizes.of(MISTRAL)
    assert sizes.trained_weights(recipe) == 41_943_040
    needs = estimate(recipe, sizes, plan, tokens, card(24), "unsloth", rate=1e14)
    assert 4.5e9 < needs.memory < 6.5e9  # measured: train/recipes/README.md


def test_smallest_change_that_fits_is_named():
    recipe = load_recipe("mistral-7b", ["bits=16"])
    sizes = Sizes.of(MISTRAL)
    change = smallest_change(recipe, sizes, [512] * 844, card(8), "unsloth")
    assert change is not None
    assert "--set bits=4" in change


def test_no_change_is_named_where_none_fits():
    recipe = load_recipe("mistral-7b")
    assert smallest_change(recipe, Sizes.of(MISTRAL), [512] * 844, card(2), "unsloth") is None
