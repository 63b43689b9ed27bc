// Starts Swagger UI. What differs between services is in the attributes of its element, so that the
// page needs no script of its own.
(() => {
  const place = document.getElementById("swagger-ui");
  const { document: url, tokenUrl, tokenRequests } = place.dataset;

  // A browser may not reach the authorization server, so the service forwards what "Authorize" sends.
  const detour = tokenUrl && new URL(tokenUrl, location.href).href;

  // A browser logs people in by the code flow, for which this page is no registered client.
  const withoutTheCodeFlow = (text) => {
    const document = JSON.parse(text);
    const schemes = document.components?.securitySchemes ?? {};
    delete schemes.openIdConnect;
    delete schemes.oauth2?.flows.authorizationCode;
    return JSON.stringify(document);
  };

  SwaggerUIBundle({
    domNode: place,
    url,
    deepLinking: true,
    displayOperationId: true,
    displayRequestDuration: true,
    tryItOutEnabled: true,
    validatorUrl: null,
    requestInterceptor(request) {
      if (detour && request.url === detour) {
        request.url = new URL(tokenRequests, location.href).href;
      }
      // A 401 with a Basic challenge would open the browser's own prompt for a password.
      request.credentials = "omit";
      return request;
    },
    responseInterceptor(response) {
      if (response.ok && response.url === new URL(url, location.href).href) {
        response.text = withoutTheCodeFlow(response.text);
      }
      return response;
    },
  });
})();
