/* What unfold's pages ask Alpine.js for by name.

   The admin's pages have a content security policy without 'unsafe-eval', so Alpine.js is its build for that
   (static/unfold/js/alpine). It reads a page's expressions with a parser of its own, in which only names that were
   registered exist: no window, no function that merely lies in the page's scope. */

document.addEventListener("alpine:init", () => {
  // unfold's own, from its app.js.
  for (const name of ["theme", "searchForm", "searchDropdown", "searchCommand"]) {
    if (typeof globalThis[name] === "function") Alpine.data(name, globalThis[name]);
  }

  /* Around every page: which tab is shown, whether the side bar is. */
  Alpine.data("adminFrame", (firstTab, hasTabs) => ({
    activeTab: firstTab,
    sidebarMobileOpen: false,
    sidebarDesktopOpen: localStorage.getItem("sidebarDesktopOpen") !== "0",
    // Read by the form's address.
    window: { location: { pathname: location.pathname, search: location.search } },
    sortRecords: (event) => sortRecords(event),
    moveRecords: (event) => moveRecords(event),
    init() {
      this.activeTab = hasTabs ? getCurrentTab() || firstTab : "";
      this.$watch("sidebarDesktopOpen", (isOpen) => localStorage.setItem("sidebarDesktopOpen", isOpen ? "1" : "0"));
    },
    /* Escape in the search: empties it, then leaves it. Answers that its results are not shown. */
    clearedOrLeft(field) {
      if (field.value === "") field.blur();
      else field.value = "";
      return false;
    },
  }));
});
