const missed = new Set<string>();
let coming: Promise<boolean> | undefined;
let times = 0;

/** Style sheets that did not come. What imports parts believes them to be there from then on, and asks for none again. */
export const missedStyles = {
  note(href: string): void {
    missed.add(href);
  },
  /** Asks for all of them anew, and says whether there were any. Fails where one does not come. */
  bring(): Promise<boolean> {
    coming ??= bringAll().finally(() => {
      coming = undefined;
    });
    return coming;
  },
};

async function bringAll(): Promise<boolean> {
  const wanted = [...missed];
  await Promise.all(wanted.map(bring));
  return wanted.length > 0;
}

async function bring(href: string): Promise<void> {
  await linked(href);
  missed.delete(href);
}

function linked(href: string): Promise<void> {
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = `${href}?again=${(times += 1)}`;
  return new Promise((came, failed) => {
    link.addEventListener("load", () => came());
    link.addEventListener("error", () => {
      link.remove();
      failed(new Error(`Unable to preload CSS for ${href}`));
    });
    document.head.append(link);
  });
}
