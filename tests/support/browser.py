"""Chromium without a window, for tests that look at a page."""

import base64
import json
import shutil
from typing import Any, Optional

_FLAGS = (
    '--headless=new', '--no-sandbox', '--disable-gpu',
    '--disable-dev-shm-usage', '--no-first-run',
    '--disable-background-networking', '--disable-component-update',
    '--disable-sync', '--window-size=1200,900')


def executables() -> Optional[tuple[str, str]]:
  """The browser and its driver; None if one of them is not installed."""
  found = [next(filter(None, map(shutil.which, names)), None) for names in (
      ('chromium', 'chromium-browser', 'google-chrome'), ('chromedriver',))]
  return tuple(found) if all(found) else None


class Browser:
  """A browser and what the tests ask of it.

  Attributes:
    driver: Selenium's.
  """

  def __init__(self, profile_dir: str):
    """Starts it.

    Args:
      profile_dir: an empty folder.
    """
    from selenium import webdriver
    binary, driver = executables()
    options = webdriver.ChromeOptions()
    options.binary_location = binary
    for flag in (*_FLAGS, f'--user-data-dir={profile_dir}'):
      options.add_argument(flag)
    options.set_capability('goog:loggingPrefs',
                           {'browser': 'ALL', 'performance': 'ALL'})
    self.driver = webdriver.Chrome(
        options=options, service=webdriver.ChromeService(driver))

  def devtools(self, command: str, **arguments: Any) -> Any:
    """A command of the DevTools protocol."""
    return self.driver.execute_cdp_cmd(command, arguments)

  def js(self, source: str, *arguments: Any) -> Any:
    """What a function with this body returns."""
    return self.driver.execute_script(source, *arguments)

  def open(self, path: str, fragment: str = ''):
    """Loads a file anew."""
    self.driver.get('about:blank')
    self.driver.get(f'file://{path}{fragment}')

  def look(self, scheme: str = 'light', width: int = 1200):
    """Sets what the system prefers, and the width of the window."""
    self.devtools('Emulation.setEmulatedMedia', features=[
        {'name': 'prefers-color-scheme', 'value': scheme},
        # Else colours change for a while.
        {'name': 'prefers-reduced-motion', 'value': 'reduce'}])
    self.devtools('Emulation.setDeviceMetricsOverride', width=width,
                  height=900, deviceScaleFactor=1, mobile=False)

  def press(self, *keys: str):
    """Keys for what has the focus."""
    from selenium.webdriver.common.action_chains import ActionChains
    ActionChains(self.driver).send_keys(*keys).perform()

  def messages(self) -> list[str]:
    """Of the console, since the last call."""
    return [entry['message'] for entry in self.driver.get_log('browser')]

  def requests(self) -> list[str]:
    """Addresses that were asked for, since the last call."""
    events = [json.loads(entry['message'])['message']
              for entry in self.driver.get_log('performance')]
    return [event['params']['request']['url'] for event in events
            if event['method'] == 'Network.requestWillBeSent']

  def pdf(self) -> bytes:
    """The page as it is printed."""
    return base64.b64decode(self.devtools('Page.printToPDF')['data'])

  def names(self) -> list[tuple[str, str]]:
    """(role, name) of all that assistive technology is told of."""
    nodes = self.devtools('Accessibility.getFullAXTree')['nodes']
    return [(node['role']['value'], node.get('name', {}).get('value', ''))
            for node in nodes if not node['ignored']]
