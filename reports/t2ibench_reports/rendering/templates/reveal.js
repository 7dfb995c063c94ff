// A link to a record opens the blocks around it; browsers that do so themselves lose nothing.
{
  const reveal = () => {
    const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    for (let block = target.closest("details"); block; block = block.parentElement.closest("details")) block.open = true;
    target.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  reveal();
}
