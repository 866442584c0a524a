// A file that is dropped on the form is the one that is sent. The page is whole without it.
for (const place of document.querySelectorAll(".drop")) {
  const input = place.querySelector("input[type=file]");
  const over = (is) => (event) => {
    event.preventDefault();
    place.classList.toggle("over", is);
  };
  place.addEventListener("dragover", over(true));
  place.addEventListener("dragleave", over(false));
  place.addEventListener("drop", (event) => {
    over(false)(event);
    if (event.dataTransfer.files.length) input.files = event.dataTransfer.files;
  });
}
