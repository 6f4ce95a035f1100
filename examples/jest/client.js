/** A client of Mixpeek's organization endpoint, as your program may have one. */
class Organizations {
  constructor(url, apiKey) {
    this.url = `${url}/v1/organizations`;
    this.headers = { Authorization: `Bearer ${apiKey}`, 'Content-Type': 'application/json' };
  }

  async read() {
    return toResult(await fetch(this.url, { headers: this.headers }));
  }

  /** Tries again where the answer is lost or the service is busy: the same change twice does no harm. */
  async update(change, attempts = 3) {
    const body = JSON.stringify(change);
    try {
      const response = await fetch(this.url, { method: 'PATCH', headers: this.headers, body });
      if (response.status === 503 && attempts > 1) return this.update(change, attempts - 1);
      return await toResult(response);
    } catch (error) {
      if (!(error instanceof TypeError) || attempts === 1) throw error;
      return this.update(change, attempts - 1);
    }
  }
}

async function toResult(response) {
  const body = await response.json();
  if (response.ok) return body;
  throw new Error(`${response.status}: ${body.error.message}`);
}

module.exports = { Organizations };
