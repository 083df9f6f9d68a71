// Step 4 of the integration guide as it stands, in the request handler that it is the inside of.
export async function handle(customer) {
// Your backend: call this after signup or when a logged-in customer clicks Support.
const response = await fetch("https://oc.example.com/api/public/support/handoffs", {
method: "POST",
headers: {
"Content-Type": "application/json",
"X-API-Key": process.env.OC_API_KEY
},
body: JSON.stringify({
customer: {
externalUserId: customer.id,
name: customer.name,
email: customer.email,
phone: customer.phone,
metadata: {
plan: customer.plan,
accountUrl: customer.accountUrl
}
}
})
});
const data = await response.json();
if (!data.success) throw new Error(data.error || "OC handoff failed");
return Response.redirect(data.redirectTo, 303);
}
