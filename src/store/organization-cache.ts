import { countCharacters, type Organization } from '../domain/organization.ts';

/** Organizations that are kept in memory at most, and how long the texts of all of them may be together. */
const MAX_ENTRIES = 1000;
const MAX_CHARACTERS = 8 * 1024 * 1024;

/**
 * Organizations as the database has them. What a transaction changes is seen inside it at once, and outside after the
 * commit only.
 */
export class OrganizationCache {
  private readonly committed = new Map<string, Organization>();
  private characters = 0;
  private readonly changed = new Map<string, Organization>();
  private isStale = false;

  /** As last committed. */
  get(sandboxId: string, organizationId: string): Organization | undefined {
    return this.committed.get(toKey(sandboxId, organizationId));
  }

  /** As the transaction that is under way sees it. */
  getInside(sandboxId: string, organizationId: string): Organization | undefined {
    if (this.isStale) return undefined;
    const key = toKey(sandboxId, organizationId);
    return this.changed.get(key) ?? this.committed.get(key);
  }

  /** Keeps what was read outside of a transaction. */
  set(sandboxId: string, organization: Organization): void {
    this.keep(toKey(sandboxId, organization.organization_id), organization);
  }

  /** Notes what the transaction that is under way has written. */
  change(sandboxId: string, organization: Organization): void {
    this.changed.set(toKey(sandboxId, organization.organization_id), organization);
  }

  /** The transaction that is under way changes more than single organizations: nothing that is kept counts inside it. */
  invalidate(): void {
    this.isStale = true;
  }

  /** The transaction is over; whether it has changed anything. */
  end(isCommitted: boolean): boolean {
    const hasChanged = isCommitted && (this.isStale || this.changed.size > 0);
    if (isCommitted && this.isStale) this.clear();
    else if (isCommitted) for (const [key, organization] of this.changed) this.keep(key, organization);
    this.changed.clear();
    this.isStale = false;
    return hasChanged;
  }

  private keep(key: string, organization: Organization): void {
    this.drop(key);
    this.committed.set(key, organization);
    this.characters += countCharacters(organization);
    for (const oldest of this.committed.keys()) {
      if (this.committed.size <= MAX_ENTRIES && this.characters <= MAX_CHARACTERS) break;
      this.drop(oldest);
    }
  }

  private drop(key: string): void {
    const organization = this.committed.get(key);
    if (organization === undefined) return;
    this.characters -= countCharacters(organization);
    this.committed.delete(key);
  }

  private clear(): void {
    this.committed.clear();
    this.characters = 0;
  }
}

const toKey = (sandboxId: string, organizationId: string) => `${sandboxId} ${organizationId}`;
