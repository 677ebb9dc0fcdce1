'use strict';
(() => {
  const form = document.getElementById('filter');
  const shown = document.getElementById('shown');
  const incidents = [...document.querySelectorAll('.incident')];
  const levels = ['low', 'medium', 'high', 'critical'];

  const filter = () => {
    const wanted = Object.fromEntries(new FormData(form));
    const text = wanted.text.trim().toLowerCase().replaceAll('[.]', '.');
    let count = 0;
    for (const incident of incidents) {
      const { severity, sites, detectors } = incident.dataset;
      const fits = (!wanted.severity || levels.indexOf(severity) >= levels.indexOf(wanted.severity))
        && (!wanted.site || sites.includes(` ${wanted.site} `))
        && (!wanted.detector || detectors.includes(` ${wanted.detector} `))
        && (!text || incident.textContent.toLowerCase().replaceAll('[.]', '.').includes(text));
      incident.hidden = !fits;
      count += fits;
    }
    shown.textContent = `${count} / ${incidents.length} ${shown.dataset.shown}`;
    document.getElementById('nothing').hidden = count > 0 || incidents.length === 0;
  };

  const copy = async (button) => {
    const lines = button.previousElementSibling;
    try {
      await navigator.clipboard.writeText(lines.textContent);
    } catch {
      // Served without TLS there is no clipboard to write to: the lines are selected, and the old way is tried.
      getSelection().selectAllChildren(lines);
      document.execCommand('copy');
    }
    const word = button.textContent;
    button.textContent = button.dataset.copied;
    setTimeout(() => { button.textContent = word; }, 1500);
  };

  // A link may say what is to be seen: #detector=beacon&severity=high.
  const choose = () => {
    for (const [name, value] of new URLSearchParams(location.hash.slice(1))) {
      const field = form.elements.namedItem(name);
      if (field?.tagName === 'INPUT') field.value = value;
      const fits = (option) => option.value === value || option.dataset.name === value;
      const option = [...field?.options ?? []].find(fits);
      if (option) option.selected = true;
    }
    filter();
  };

  if (incidents.length > 0) {
    form.hidden = false;
    form.addEventListener('input', filter);
    form.addEventListener('submit', (event) => event.preventDefault());
    addEventListener('hashchange', choose);
    choose();
  }
  for (const button of document.querySelectorAll('.lines button')) {
    button.hidden = false;
    button.addEventListener('click', () => copy(button));
  }
})();
