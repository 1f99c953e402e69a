"""Pictures are told apart by which they are, not by the size a page shows them in."""

import pytest

from ingestion.article import Image
from ingestion.parse.pictures import credit_alone, pictures_of

PAGE = "https://www.orme-weekly.example/2026/quay"
CDN = "https://img.orme-weekly.example"


@pytest.mark.parametrize(
    ("small", "large"),
    [
        ("/quay.jpg?w=300&h=200&fit=crop", "/quay.jpg?w=1200&h=630"),
        ("/2026/quay-300x200.jpg", "/2026/quay.jpg"),
        ("/2026/quay-1024x768.jpg?ssl=1", "/2026/quay-scaled.jpg"),
        ("/thumb/300x0/crop/quay-20261120.jpg", "/thumb/1500x0/sharp/quay-20261120.jpg"),
        ("/s300e/0_The-quay-at-low-tide-today.jpg", "/s1200c/0_The-quay-at-low-tide-today.jpg"),
    ],
)
def test_one_picture_in_two_sizes_is_one_at_its_larger_address(small: str, large: str) -> None:
    shown = Image(url=CDN + small, caption="The quay.", credit=None)
    stated = Image(url=CDN + large, caption=None, credit="Ann Orme")

    assert pictures_of([shown, stated], PAGE) == (
        Image(url=CDN + large, caption="The quay.", credit="Ann Orme"),
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("/image?imageId=17&width=300", "/image?imageId=18&width=300"),
        ("/2026/a/original.jpg", "/2026/b/original.jpg"),
        ("/2026/quay.jpg", "/2026/ferry.jpg"),
        ("/DSC_0171.jpg", "/DSC_0172.jpg"),
    ],
)
def test_two_pictures_stay_two(one: str, other: str) -> None:
    images = [Image(url=CDN + one), Image(url=CDN + other)]

    assert pictures_of(images, PAGE) == tuple(images)


@pytest.mark.parametrize(
    "address",
    ["/img/logo.png", "/avatars/ann.jpg", "/assets/banner-300.png", "/spacer.gif", "/u/author/ann-orme.jpg"],
)
def test_a_badge_is_no_picture_of_the_story(address: str) -> None:
    assert pictures_of([Image(url=CDN + address)], PAGE) == ()


def test_a_logo_that_is_shown_with_a_caption_is_news() -> None:
    image = Image(url=f"{CDN}/img/logo.png", caption="The ferry company's new sign.")

    assert pictures_of([image], PAGE) == (image,)


def test_a_part_of_the_page_and_what_has_no_path_are_no_addresses() -> None:
    assert pictures_of([Image(url=f"{PAGE}#primaryimage"), Image(url="https://:0")], PAGE) == ()


def test_a_caption_without_an_address_is_kept() -> None:
    image = Image(caption="The quay.", credit="Ann Orme")

    assert pictures_of([image], PAGE) == (image,)


@pytest.mark.parametrize("label", ["Image", "Photo 1 of 4", "Image credit:", "Bild 2 von 9"])
def test_a_label_is_no_caption(label: str) -> None:
    (image,) = pictures_of([Image(url=f"{CDN}/quay.jpg", caption=label)], PAGE)

    assert image.caption is None


def test_a_stated_caption_that_is_a_credit_becomes_one() -> None:
    images = [
        Image(url=f"{CDN}/a.jpg", caption="Foto: Ann Orme"),
        Image(url=f"{CDN}/b.jpg", caption=": The quay."),
    ]

    assert [(image.caption, image.credit) for image in pictures_of(images, PAGE)] == [
        (None, "Ann Orme"),
        ("The quay.", None),
    ]


def test_words_that_are_a_credit_as_a_whole_are_no_caption() -> None:
    assert credit_alone("Photo by Ann Orme / Orme Images") == "Ann Orme / Orme Images"
    assert credit_alone("Foto: Ann Orme") == "Ann Orme"
    assert credit_alone("Photo of the quay. Ann Orme") is None
