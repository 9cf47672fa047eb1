"""What a visitor does, in words."""

from __future__ import annotations

#: The border as it is drawn, in JavaScript.
PICTURE = "document.querySelector('canvas').toDataURL()"


def expect(what):
    """Playwright's assertions, which wait; imported late, for it may be missing."""
    from playwright.sync_api import expect as assertions

    return assertions(what)


def go(page, day: int) -> None:
    """Type a day and wait until its picture is there; again if the page was redrawn meanwhile, and
    what was typed with it."""
    for _ in range(4):
        page.fill("[data-testid=day-input]", str(day))
        page.press("[data-testid=day-input]", "Enter")
        if _comes(page, day):
            break
    at(page, day)
    page.evaluate("document.activeElement.blur()")


def _comes(page, day: int) -> bool:
    """Whether the picture of a day is there within ten seconds."""
    for _ in range(100):
        if page.get_attribute("canvas", "data-day") == str(day):
            return True
        page.wait_for_timeout(100)
    return False


def at(page, day: int) -> None:
    """Wait for the picture of a day, with its letters."""
    page.wait_for_function(f"document.querySelector('canvas')?.dataset.day === '{day}'")
    page.wait_for_function("document.fonts.status === 'loaded'")


def past(page, day: int) -> None:
    """Wait for the picture of any later day."""
    page.wait_for_function(f"Number(document.querySelector('canvas')?.dataset.day) > {day}")


def day_of(page) -> int:
    return int(page.get_attribute("canvas", "data-day"))


def where_it_stops(page) -> int:
    """The day that stays for a second, after a pause was asked for; a busy page takes a while."""
    for _ in range(60):
        day = day_of(page)
        page.wait_for_timeout(1000)
        if day_of(page) == day:
            return day
    raise AssertionError("it plays on")


def press(page, name: str) -> None:
    """Press a button by its words."""
    page.get_by_role("button", name=name, exact=True).click()


def tab(page, name: str) -> None:
    page.get_by_role("tab", name=name).click()


def setting(page, path: str, where: str = "settings"):
    """The control of a setting, found by search."""
    page.fill(f"[data-testid={where}-find]", path)
    return page.locator(f'[data-testid="{where}-{path}"]')


def type_in(page, path: str, text: str, where: str = "settings") -> None:
    field = setting(page, path, where)
    field.fill(text)
    field.press("Enter")


def everything(page) -> tuple[str, str, str]:
    """What a day looks like: pixels of the border, status, log so far."""
    page.wait_for_timeout(500)  # the flash of incidents is over
    return (
        page.evaluate(PICTURE),
        page.inner_text("[data-testid=strip]"),
        page.get_attribute("[data-testid=slider]", "aria-valuenow"),
    )
