"""The pages of Label Studio in a browser, as a person uses them."""

from contextlib import contextmanager

from label_studio_server import EMAIL, PASSWORD

SIZE = {"width": 1100, "height": 760}
# Milliseconds: other work may take most of the machine.
PATIENCE = 120_000
TASK = ".lsf-current-task__task-id"


@contextmanager
def logged_in(browser, studio, email=EMAIL):
    """Log in, and yield a page in a context of its own."""
    context = browser.new_context(viewport=SIZE)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.goto(f"{studio.url}/user/login/")
    page.fill("input[name=email]", email)
    page.fill("input[name=password]", PASSWORD)
    page.locator("button[type=submit]").click()
    page.wait_for_url(lambda url: "login" not in url)
    try:
        yield page
    finally:
        context.close()


class LabelStream:
    """The page on which an annotator answers task by task.

    Parameters
    ----------
    page : Page
        A page of a person who is logged in.
    studio : LabelStudioServer
        Label Studio.
    project : int
        The project.
    """

    def __init__(self, page, studio, project):
        self._page = page
        page.goto(f"{studio.url}/projects/{project}/data")
        # Its name may be "Label All Tasks" or "Label Tasks As Displayed".
        page.get_by_role("button", name="Label").first.click()
        page.locator(TASK).wait_for()
        self._settle()

    def _settle(self):
        """Wait until the task can be answered, with its guess if it has one."""
        self._page.locator(".lsf-choices").wait_for()
        self._page.wait_for_load_state("networkidle")

    @property
    def task(self):
        """The number of the task that is shown."""
        return int(self._page.locator(TASK).evaluate("one => one.firstChild.textContent"))

    @property
    def chosen(self):
        """The classes that are chosen."""
        return self._page.locator(".lsf-choices input:checked").evaluate_all(
            "all => all.map(one => one.name)"
        )

    def choose(self, label):
        self._page.locator(f'.lsf-choices label:has(input[name="{label}"])').click()

    def submit(self):
        """Submit the annotation, and wait for the next task."""
        task = self.task
        self._page.get_by_label("Submit current annotation").click()
        self._page.wait_for_function(
            "([task, before]) => { const found = document.querySelector(task)?.firstChild; "
            "return found && found.textContent !== before; }",
            arg=[TASK, str(task)],
        )
        self._settle()
